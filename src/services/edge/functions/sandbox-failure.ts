/** Why a call of a function ended without a result, told from what QuickJS threw. Pure. */
import { inspect } from 'node:util';

export type Failure = {
  reason: 'timeout' | 'memory' | 'stack' | 'threw';
  message: string;
  /** Line of the function's code, when it is known. */
  line: number | undefined;
};
export const TOO_LATE: Failure = {
  reason: 'timeout',
  message: 'the function took too long',
  line: undefined,
};
export const TOO_DEEP: Failure = {
  reason: 'stack',
  message: 'the function called itself too deeply',
  line: undefined,
};
export const GAVE_UP: Failure = { reason: 'memory', message: 'the sandbox gave up', line: undefined };
const OUT_OF_MEMORY = 'the function ran out of memory';
const MESSAGE_CHARS_MAX = 500;

export function threw(message: string): Failure {
  return { reason: 'threw', message, line: undefined };
}

/** `thrown` is a copy of what the function threw, whatever that was. */
export function failureOf(thrown: unknown, fileName: string): Failure {
  // With no memory left for an error, QuickJS throws null.
  if (thrown === null) return { reason: 'memory', message: OUT_OF_MEMORY, line: undefined };
  const { name, message, stack } = described(thrown);
  const line = lineOf(stack, fileName);
  if (name === 'InternalError' && message === 'out of memory')
    return { reason: 'memory', message: OUT_OF_MEMORY, line };
  if (name === 'InternalError' && message === 'stack overflow') return { ...TOO_DEEP, line };
  return { reason: 'threw', message: name === '' ? message : `${name}: ${message}`, line };
}

/** Name, message and stack of what was thrown, which need not be an error. */
function described(thrown: unknown): { name: string; message: string; stack: string } {
  const { name, message, stack } = (thrown ?? {}) as Record<string, unknown>;
  if (typeof message !== 'string') return { name: '', message: plainText(thrown), stack: '' };
  return {
    name: typeof name === 'string' ? name.slice(0, MESSAGE_CHARS_MAX) : 'Error',
    message: message.slice(0, MESSAGE_CHARS_MAX),
    stack: typeof stack === 'string' ? stack : '',
  };
}

function plainText(thrown: unknown): string {
  const text =
    typeof thrown === 'string'
      ? thrown
      : inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  return text.slice(0, MESSAGE_CHARS_MAX);
}

/** The first line of the function's own file in a stack of QuickJS (`at name (file:line:column)`). */
function lineOf(stack: string, fileName: string): number | undefined {
  const at = stack.indexOf(`${fileName}:`);
  const line = at < 0 ? Number.NaN : Number.parseInt(stack.slice(at + fileName.length + 1), 10);
  return Number.isNaN(line) ? undefined : line;
}
