import { findVariants } from './find.ts'

findVariants('repeats')
