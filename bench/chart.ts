import type { CustomSeriesOption, EChartsOption } from 'echarts'
import type { Figures } from './figures.ts'
import { colors, svg } from './svg.ts'

const BAR = 44

/** An SVG: one bar a variant, its processor-time ratio, with a whisker from the first quartile to the third. */
export function chart (figures: Figures[]) {
  return svg(150 + figures.length * BAR, option(figures))
}

function option (figures: Figures[]): EChartsOption {
  return {
    title: {
      text: 'Webhooks for the same processor time, bare Fastify route = 1',
      subtext: 'Higher is better. Bar: median of the cycles; whisker: quartiles.',
      left: 12,
      top: 8
    },
    // A fixed margin: without a browser the width of a label can only be guessed.
    grid: { left: 260, right: 32, top: 84, bottom: 44 },
    xAxis: { type: 'value', min: 0, name: "bare route's processor time / server's", nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'category', inverse: true, data: figures.map(({ title }) => title), axisTick: { show: false } },
    series: [bars(figures), whiskers(figures)]
  }
}

function bars (figures: Figures[]) {
  return {
    type: 'bar' as const,
    barWidth: '56%',
    data: figures.map(({ name, processorTimeRatio }) => ({
      value: processorTimeRatio.median,
      itemStyle: { color: name.startsWith('ours') ? colors.ours : colors.others[0] }
    })),
    label: {
      show: true,
      position: 'insideLeft' as const,
      color: '#ffffff',
      fontWeight: 'bold' as const,
      formatter: ({ dataIndex }: { dataIndex: number }) => figures[dataIndex]?.processorTimeRatio.median.toFixed(2) ?? ''
    },
    markLine: {
      symbol: 'none',
      silent: true,
      lineStyle: { color: '#cf222e', type: 'dashed' as const },
      label: { formatter: 'bare', position: 'start' as const, color: '#cf222e' },
      data: [{ xAxis: 1 }]
    }
  }
}

function whiskers (figures: Figures[]): CustomSeriesOption {
  return {
    type: 'custom',
    z: 3,
    encode: { x: [0, 1], y: 2 },
    data: figures.map(({ processorTimeRatio: { q1, q3 } }, row) => [q1, q3, row]),
    renderItem: (_params, api) => {
      const row = Number(api.value(2))
      const [left = 0, y = 0] = api.coord([api.value(0), row])
      const [right = 0] = api.coord([api.value(1), row])
      const style = { stroke: '#1f2328', lineWidth: 1.5 }
      const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: 'line' as const, shape: { x1, y1, x2, y2 }, style })
      return {
        type: 'group',
        children: [line(left, y, right, y), line(left, y - 5, left, y + 5), line(right, y - 5, right, y + 5)]
      }
    }
  }
}
