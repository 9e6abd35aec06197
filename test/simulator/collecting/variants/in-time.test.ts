import { findVariants } from '../../variants/find.ts'
import { collectVariants } from './variants.ts'

findVariants('in-time', collectVariants)
