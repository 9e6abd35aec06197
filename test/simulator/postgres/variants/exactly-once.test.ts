import { findVariants } from '../../variants/find.ts'
import { postgresVariants } from './variants.ts'

findVariants('exactly-once', postgresVariants)
