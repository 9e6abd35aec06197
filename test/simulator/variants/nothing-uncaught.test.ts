import { findVariants } from './find.ts'

findVariants('nothing-uncaught')
