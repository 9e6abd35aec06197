import { init, type EChartsOption } from 'echarts'

const WIDTH = 760

/** This plugin, and the others. */
export const colors = { ours: '#1a7f37', others: ['#6e7781', '#0969da'] } as const

/** A chart of ECharts, with the looks that all have. */
export function svg (height: number, option: EChartsOption) {
  const instance = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  instance.setOption({
    animation: false,
    // Opaque, because README is read on light pages and on dark ones.
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif', color: '#1f2328' },
    ...option
  })
  const text = instance.renderToSVGString()
  instance.dispose()
  return text
}
