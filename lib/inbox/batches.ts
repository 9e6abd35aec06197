/** A list in parts, none of which is longer than `most`. */
export function batches<T> (list: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, i) => list.slice(i * most, (i + 1) * most))
}
