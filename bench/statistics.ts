import { quantileSorted } from 'simple-statistics'

/** The middle of some values, and the quarter's marks around it: no assumption about how they are spread. */
export interface Quartiles {
  q1: number
  median: number
  q3: number
}

export function quartiles (values: number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b)
  return { q1: quantileSorted(sorted, 0.25), median: quantileSorted(sorted, 0.5), q3: quantileSorted(sorted, 0.75) }
}

export function median (values: number[]) {
  return quartiles(values).median
}

export function sum (values: number[]) {
  return values.reduce((sum, value) => sum + value, 0)
}

/** The value that the given share of the values does not exceed. */
export function percentile (values: Float64Array, share: number) {
  return quantileSorted(Array.from(values.toSorted()), share)
}

/** Each value by the one at the same place: those of one cycle belong together, because the machine's speed drifts. */
export function ratios (dividends: number[], divisors: number[]) {
  return dividends.map((dividend, cycle) => dividend / (divisors[cycle] ?? NaN))
}
