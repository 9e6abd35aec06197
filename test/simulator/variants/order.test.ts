import { findVariants } from './find.ts'

findVariants('order')
