/** A typing error or two, in a name of some length. */
const mayBeMeant = (distance: number, name: string) => distance <= Math.max(1, Math.floor(name.length / 3))

/** The name that somebody may have meant, if any is near enough. Capitals are no difference. */
export function nearestName (typed: string, names: Iterable<string>): string | undefined {
  const [nearest] = Array.from(names, (name) => ({ name, distance: distanceOf(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => mayBeMeant(distance, name))
    .sort((a, b) => a.distance - b.distance)
  return nearest?.name
}

/** How many characters have to be added, taken away or exchanged to make one of the other (Levenshtein). */
function distanceOf (a: string, b: string): number {
  const others = Array.from(b)
  let row = [0, ...others.map((_, i) => i + 1)]
  for (const [i, character] of Array.from(a).entries()) {
    const next = [i + 1]
    row.reduce((diagonal, above, j) => {
      if (j > 0) next.push(Math.min(Number(next.at(-1)) + 1, above + 1, diagonal + (character === others[j - 1] ? 0 : 1)))
      return above
    }, 0)
    row = next
  }
  return Number(row.at(-1))
}
