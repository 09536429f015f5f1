/** Writes `docs/kpis.md` from the catalogue of metrics and KPIs: `tsx dev/write-kpis.ts`. */
import { writeFileSync } from 'node:fs'
import { kpisPage } from './kpis-page.js'

const file = new URL('../docs/kpis.md', import.meta.url)
writeFileSync(file, kpisPage())
console.log(`wrote ${file.pathname}`)
