import { findVariants } from '../variants/find.ts'
import { postgresVariants } from './variants.ts'

for (const invariant of ['nothing-lost', 'repeats', 'attempts', 'closing-ends'] as const) findVariants(invariant, postgresVariants)
