import type { LineSeriesOption } from 'echarts'
import { colors, svg } from '../svg.ts'
import type { Course, HeldFigures } from './figures.ts'

const HEIGHT = 400

/** An SVG: a line for each queue with a transaction left open, and a thin one for the same without. */
export function heldChart (figures: HeldFigures[]) {
  return svg(HEIGHT, {
    title: {
      text: 'Events a second with a transaction left open',
      subtext: 'Added and delivered at the same time. Dashed: the same queue without that transaction.',
      left: 12,
      top: 8
    },
    grid: { left: 70, right: 130, top: 84, bottom: 48 },
    xAxis: { type: 'value', min: 0, name: 'minutes', nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', min: 0, name: 'events/s', nameLocation: 'end' },
    series: inColors(figures).flatMap(([{ title, free, held }, color]) => [
      { ...line(free), lineStyle: { width: 1, type: 'dashed' as const, color } },
      { ...line(held), lineStyle: { width: 2.5, color }, endLabel: { show: true, color, fontWeight: 'bold' as const, formatter: title }, labelLayout: { moveOverlap: 'shiftY' as const } }
    ])
  })
}

function inColors (figures: HeldFigures[]) {
  const others = colors.others.values()
  return figures.map((one) => [one, one.name === 'ours' ? colors.ours : others.next().value ?? colors.others[0]] as const)
}

function line ({ steps }: Course): LineSeriesOption {
  return { type: 'line', showSymbol: false, data: steps.map(({ seconds, eventsPerSecond }) => [seconds / 60, Math.round(eventsPerSecond)]) }
}
