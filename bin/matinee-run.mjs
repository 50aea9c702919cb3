#!/usr/bin/env node
/** Runs one of the project's own scripts on the pinned Node: `matinee-run scripts/check.ts`. */
import { ensurePackages, root, runPinned } from './prepare.mjs';

const [file, ...args] = process.argv.slice(2);
ensurePackages();
runPinned(file, args, { cwd: root });
