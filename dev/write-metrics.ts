/** Writes `docs/telemetry/metrics.md` from the catalogue of metrics: `tsx dev/write-metrics.ts`. */
import { writeFileSync } from 'node:fs'
import { metricsPage } from './metrics-page.js'

const file = new URL('../docs/telemetry/metrics.md', import.meta.url)
writeFileSync(file, metricsPage())
console.log(`wrote ${file.pathname}`)
