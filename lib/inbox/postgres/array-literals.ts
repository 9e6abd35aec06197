/** The numbers of an array as the server writes it: '{1,2,NULL}'. */
export function bigints (array: string | null | undefined): string[] {
  return array === null || array === undefined || array === '{}' ? [] : array.slice(1, -1).split(',')
}
