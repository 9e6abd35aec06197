const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time, or how long before now it was: '15m', '24h'. In milliseconds since the epoch; NaN if it is neither. */
export function timeOf (text: string, now = Date.now()): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  return count === undefined ? Date.parse(text) : now - Number(count) * (UNITS[unit] ?? 0)
}
