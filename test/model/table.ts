/** Writes the lines of a table, whose columns have so many characters. */
export function columns (widths: readonly number[]): (...cells: string[]) => string {
  return (...cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
}

export function seconds (value: number): string {
  return `${value.toFixed(1)} s`
}
