import { findVariants } from './find-variants.ts'

findVariants('nothing-lost', 'order')
