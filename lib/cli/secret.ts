import type { Io } from './io.ts'
import { UsageError } from './usage-error.ts'

/** OneRoute's secret key, if there is one. It is never shown: what is on a terminal gets into logs and screenshots. */
export function secretOf (option: string | undefined, { ONEROUTE_SECRET }: Io['env'], unsigned: string): string | undefined {
  return notBlank('--secret', option, unsigned) ?? notBlank('The environment variable ONEROUTE_SECRET', ONEROUTE_SECRET, unsigned)
}

/** `unsigned` is what the command does without a key. */
function notBlank (where: string, secret: string | undefined, unsigned: string): string | undefined {
  if (secret?.trim() === '') throw new UsageError(`${where} is blank: give OneRoute's secret key, or nothing at all to ${unsigned}`)
  return secret
}
