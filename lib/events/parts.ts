type Part = Readonly<Record<PropertyKey, unknown>>

/** A schema, or what was given in the place of one, and every object and list in it, at any depth. */
export function partsOf (schema: unknown): Part[] {
  const parts = new Set<Part>()
  const add = (value: unknown) => { if (isPart(value)) parts.add(value) }
  add(schema)
  // A set goes on to what is added meanwhile, and takes what is in itself once.
  for (const part of parts) Object.values(part).forEach(add)
  return [...parts]
}

function isPart (value: unknown): value is Part {
  return typeof value === 'object' && value !== null
}
