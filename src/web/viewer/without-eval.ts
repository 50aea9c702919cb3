/** Imported before any schema is made: the pages' security policy forbids code made from text, which Zod would try. */
import { z } from 'zod';

z.config({ jitless: true });
