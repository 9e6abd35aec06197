/** Returns a function that writes a line of a table with columns of these widths. */
export function columns (widths: readonly number[]): (...cells: string[]) => string {
  return (...cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
}

export function seconds (value: number): string {
  return `${value.toFixed(1)} s`
}
