import { findVariants } from './find-variants.ts'

findVariants('attempts', 'repeats')
