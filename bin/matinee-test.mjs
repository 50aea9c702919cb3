#!/usr/bin/env node
/** Installs what the tests need and runs them: `npm test`, `npm run test:quick`. */
import { ensurePackages, root, runPinned } from './prepare.mjs';

ensurePackages();
runPinned('scripts/run-tests.ts', process.argv.slice(2), { cwd: root });
