import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FillAnnouncement } from '../../contracts/fill.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
