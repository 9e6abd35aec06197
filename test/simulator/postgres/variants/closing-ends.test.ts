import { findVariants } from '../../variants/find.ts'
import { postgresVariants } from './variants.ts'

findVariants('closing-ends', postgresVariants)
