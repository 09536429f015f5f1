import type { Chart, ChartConfiguration } from 'chart.js'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useConsole } from '../../frame/console.js'
import { useStore } from '../../frame/store.js'

/** Colours of the theme, by name of their custom property. */
export type Palette = Readonly<Record<(typeof names)[number], string>>

const names = ['text', 'text-quiet', 'line', 'surface', 'series-1', 'series-3', 'series-4', 'series-5'] as const

type Props = Readonly<{
  /** What the chart shows, in words. */
  label: string
  /** Made anew only when what is drawn changes. */
  configOf: (palette: Palette) => ChartConfiguration
}>

/** A chart. Its library is loaded when it is first drawn; it is drawn anew where the figures or the theme change. */
export const ChartCanvas = ({ label, configOf }: Props): JSX.Element => {
  const { preferences } = useConsole()
  const { theme } = useStore(preferences)
  const isDark = useIsDark()
  const canvas = useRef<HTMLCanvasElement>(null)
  const chart = useRef<Chart | undefined>(undefined)
  useEffect(() => {
    let isGone = false
    void import('./chart-js.js').then(({ Chart }) => {
      const { current } = canvas
      if (isGone || current === null) return
      const config = configOf(paletteOf(current))
      if (chart.current === undefined) {
        chart.current = new Chart(current, config)
        return
      }
      chart.current.data = config.data
      chart.current.options = config.options ?? {}
      chart.current.update('none')
    })
    return () => {
      isGone = true
    }
  }, [configOf, theme, isDark])
  useEffect(
    () => () => {
      chart.current?.destroy()
      chart.current = undefined
    },
    [],
  )
  return (
    <div class="chart-box">
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  )
}

const useIsDark = (): boolean => {
  const [isDark, setIsDark] = useState(false)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const onChange = (): void => setIsDark(query.matches)
    onChange()
    query.addEventListener('change', onChange)
    return () => query.removeEventListener('change', onChange)
  }, [])
  return isDark
}

/** A custom property may be `light-dark(…)`, which a canvas does not read: an element says what it comes to. */
const paletteOf = (near: HTMLElement): Palette => {
  const probe = document.createElement('span')
  near.parentElement?.append(probe)
  const colours = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`
      return [name, getComputedStyle(probe).color]
    }),
  ) as Palette
  probe.remove()
  return colours
}
