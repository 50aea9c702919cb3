/** Sources of the modules that a function may import: doors to what the guest's runtime has made already. */

/** The names that a module may import, and what of them has a name of its own. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  cloudfront: ['kvs'],
  crypto: ['createHash', 'createHmac'],
  querystring: ['parse', 'stringify', 'escape', 'unescape', 'encode', 'decode'],
  buffer: ['Buffer'],
};

/** The source of a module, or why there is none. */
export function moduleSource(name: string): string | { error: Error } {
  const names = Object.hasOwn(MODULES, name) ? MODULES[name] : undefined;
  if (!names) return { error: new Error(`no such module: ${name.slice(0, 100)}`) };
  const parts = names.map((part) => `export const ${part} = all.${part};`);
  return `const all = require('${name}'); export default all; ${parts.join(' ')}`;
}
