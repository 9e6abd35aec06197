import type { Activity, Bucket } from './types'

export type Span = 'hour' | 'day'

export const SERIES = [
  { key: 'done', label: 'delivered' },
  { key: 'retried', label: 'failed, to be tried again' },
  { key: 'dead', label: 'dead' },
  { key: 'refused', label: 'refused' }
] as const

/** How long a bucket is, in milliseconds. */
export const LENGTHS: Record<Span, number> = { hour: 60_000, day: 1_800_000 }

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

export function clock (at: number): string {
  return CLOCK.format(at)
}

export function bucketsOf (activity: Activity | null, span: Span): readonly Bucket[] {
  return activity?.[span] ?? []
}

export function heightOf (bucket: Bucket): number {
  return SERIES.reduce((sum, { key }) => sum + bucket[key], 0)
}

/** The end of the scale: 2, 4 or 10, 20, 40 or 100 …, so that its half is a whole number. */
export function topOf (buckets: readonly Bucket[]): number {
  const most = Math.max(1, ...buckets.map(heightOf))
  const power = 10 ** Math.floor(Math.log10(most))
  return [2, 4, 10].map((step) => step * power).find((top) => top >= most) ?? most
}

/** "05:57–05:58: 12 accepted, 11 delivered, 1 dead". */
export function inWords (bucket: Bucket, span: Span): string {
  const counts = SERIES.filter(({ key }) => bucket[key] > 0).map(({ key, label }) => `${bucket[key].toLocaleString('en')} ${label}`)
  const all = bucket.accepted > 0 ? [`${bucket.accepted.toLocaleString('en')} accepted`, ...counts] : counts
  return `${clock(bucket.at)}–${clock(bucket.at + LENGTHS[span])}: ${all.length === 0 ? 'nothing' : all.join(', ')}`
}

/** Whether the time is written below it. */
export function hasTick ({ at }: Bucket, span: Span): boolean {
  const date = new Date(at)
  return span === 'hour' ? date.getMinutes() % 10 === 0 : date.getMinutes() < 30 && date.getHours() % 4 === 0
}
