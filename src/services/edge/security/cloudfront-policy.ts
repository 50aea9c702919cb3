/**
 * Reads the policy of a CloudFront signature and says whether a request is within it. Pure. A condition that is not
 * known here is refused with the whole policy: passing over one would grant more than was signed.
 * Source: "Values that you specify in the policy statement for a signed URL that uses a custom policy" (Amazon
 * CloudFront Developer Guide).
 */
import { z } from 'zod';
import { type Address, readBlock } from './addresses.ts';

export type Policy = {
  /** Undefined opens whatever the key group opens. */
  readonly resource: string | undefined;
  readonly expiresMs: number;
  /** 0 when there is no start. */
  readonly startsMs: number;
  readonly block: { has(address: Address): boolean } | undefined;
};

export type PolicyRefusal = 'expired' | 'not valid yet' | 'another address' | 'another resource';

const EPOCH_S_MAX = 100_000_000_000;
const RESOURCE_CHARS_MAX = 2048;
const WILDCARDS_MAX = 32;

const epoch = z.strictObject({ 'AWS:EpochTime': z.number().int().min(0).max(EPOCH_S_MAX) });
const policyForm = z.strictObject({
  Statement: z.tuple([
    z.strictObject({
      Resource: z.string().min(1).max(RESOURCE_CHARS_MAX).optional(),
      Condition: z.strictObject({
        DateLessThan: epoch,
        DateGreaterThan: epoch.optional(),
        IpAddress: z.strictObject({ 'AWS:SourceIp': z.string().max(64) }).optional(),
      }),
    }),
  ]),
});

/** The policy of a JSON text; undefined when it is malformed. */
export function readPolicy(text: string): Policy | undefined {
  const parsed = policyForm.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const [{ Resource: resource, Condition: condition }] = parsed.data.Statement;
  if (resource !== undefined && resource.split('*').length - 1 > WILDCARDS_MAX) return undefined;
  const source = condition.IpAddress?.['AWS:SourceIp'];
  const block = source === undefined ? undefined : readBlock(source);
  if (source !== undefined && !block) return undefined;
  return {
    resource,
    expiresMs: condition.DateLessThan['AWS:EpochTime'] * 1000,
    startsMs: (condition.DateGreaterThan?.['AWS:EpochTime'] ?? 0) * 1000,
    block,
  };
}

/** Why a time or an address is not within the policy, or undefined when both are. */
export function outsideConditions(
  policy: Policy,
  nowMs: number,
  address: Address | undefined,
): PolicyRefusal | undefined {
  if (nowMs >= policy.expiresMs) return 'expired';
  if (policy.startsMs > 0 && nowMs <= policy.startsMs) return 'not valid yet';
  if (policy.block && (address === undefined || !policy.block.has(address))) return 'another address';
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, so not a policy; the schema refuses undefined.
    return undefined;
  }
}
