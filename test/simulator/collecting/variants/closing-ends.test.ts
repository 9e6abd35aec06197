import { findVariants } from '../../variants/find.ts'
import { collectVariants } from './variants.ts'

findVariants('closing-ends', collectVariants)
