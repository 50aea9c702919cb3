#!/usr/bin/env node
/** Starts Matinee: `npm start`, or `npm start -- --help`. */
import { ensurePackages, runPinned } from './prepare.mjs';

ensurePackages();
runPinned('src/main.ts', process.argv.slice(2));
