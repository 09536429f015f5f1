import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Gauges, Meters } from './meters.js'

/** What every process tells of itself. */
export const processGauges =
  (version: string): Gauges =>
  () => {
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return [
      { id: 'cpu', value: (user + system) / 1e6 },
      { id: 'residentMemory', value: rss },
      { id: 'heapUsed', value: heapUsed },
      { id: 'heapTotal', value: heapTotal },
      { id: 'externalMemory', value: external },
      { id: 'processStart', value: Math.round(performance.timeOrigin) / 1e3 },
      { id: 'build', labels: [version, process.versions.node], value: 1 },
    ]
  }

const RESOLUTION_MS = 20
const EVERY_MS = 1_000

/** Records the longest delay of the event loop in each second, until the function that it returns is called. */
export const watchEventLoop = (meters: Meters): (() => void) => {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  const timer = setInterval(() => {
    // Node counts the time between two looks of its own, which are so far apart.
    const longestMs = delays.count === 0 ? 0 : Math.max(0, delays.max / 1e6 - RESOLUTION_MS)
    meters.observe('eventLoopDelay', [], longestMs / 1_000)
    delays.reset()
  }, EVERY_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    delays.disable()
  }
}
