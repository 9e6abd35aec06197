const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const

/** How long '30m' or '2h' is, in milliseconds; undefined if it is none of these. */
export function millisecondsIn (text: string): number | undefined {
  const [, number, letter] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  const unit = UNITS.find(([name]) => name === letter)
  return unit === undefined ? undefined : Number(number) * unit[1]
}

/** How long ago it was, in the largest unit that there is one of: '3m'. */
export function ageOf (time: Date, now = Date.now()): string {
  const milliseconds = Math.max(0, now - time.getTime())
  const [unit, size] = UNITS.find(([, size]) => milliseconds >= size) ?? UNITS[3]
  return `${Math.floor(milliseconds / size)}${unit}`
}
