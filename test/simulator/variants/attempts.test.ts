import { findVariants } from './find.ts'

findVariants('attempts')
