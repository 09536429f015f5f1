/** Writes `deploy/grafana/streamvane.json` from the catalogue of metrics: `tsx dev/write-dashboard.ts`. */
import { writeFileSync } from 'node:fs'
import { dashboardText } from './dashboard.js'

const file = new URL('../deploy/grafana/streamvane.json', import.meta.url)
writeFileSync(file, dashboardText())
console.log(`wrote ${file.pathname}`)
