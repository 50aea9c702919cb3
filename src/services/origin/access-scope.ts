/** What an access key may do: a short list of rules, each least privilege. What no rule covers is refused. */
export type AccessAction = 'read' | 'write' | 'list' | 'admin';

export type AccessRule = {
  readonly actions: readonly AccessAction[];
  /** A bucket's name, or `*` for every bucket. */
  readonly bucket: string;
  /** Keys and listed prefixes must begin with this. */
  readonly prefix: string;
};

export type AccessScope = readonly AccessRule[];

/** What one operation needs. Without `key` any rule on the bucket will do, whatever its prefix. */
export type AccessNeed = { readonly action: AccessAction; readonly bucket: string; readonly key?: string };

/** A scope without limits, for the owner's own key. */
export const FULL_ACCESS: AccessScope = [
  { actions: ['read', 'write', 'list', 'admin'], bucket: '*', prefix: '' },
];

export function allows(scope: AccessScope, need: AccessNeed): boolean {
  return scope.some(
    (rule) =>
      rule.actions.includes(need.action) &&
      (rule.bucket === '*' || rule.bucket === need.bucket) &&
      (need.key === undefined || need.key.startsWith(rule.prefix)),
  );
}
