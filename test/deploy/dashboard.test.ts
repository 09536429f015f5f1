import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dashboardText } from '../../dev/dashboard.js'
import { unknownIn } from '../support/prometheus/asked-for.js'

type Panel = Readonly<{
  id: number
  type: string
  title: string
  description?: string
  gridPos: Readonly<{ x: number; y: number; w: number; h: number }>
  targets?: readonly Readonly<{ expr: string; legendFormat: string }>[]
}>

const text = readFileSync(join(import.meta.dirname, '../../deploy/grafana/streamvane.json'), 'utf8')
const { panels } = JSON.parse(text) as Readonly<{ panels: readonly Panel[] }>

test('the dashboard of Grafana is that of the catalogue (npx tsx dev/write-dashboard.ts)', () => {
  expect(text).toBe(dashboardText())
})

test('every panel of the dashboard asks for metrics, labels and values that the catalogue has, and says what it shows', () => {
  const asked = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
  expect(asked.length).toBeGreaterThan(30)
  expect(asked.flatMap(({ title, expr }) => unknownIn(expr).map((what) => `${title}: ${what}`))).toEqual([])
  for (const { type, title, description = '', targets = [] } of panels)
    if (type !== 'row') {
      expect(description, title).not.toBe('')
      expect(
        targets.every(({ legendFormat }) => legendFormat !== ''),
        title,
      ).toBe(true)
    }
})

test('no two panels of the dashboard lie on each other, and none is wider than the page', () => {
  const taken = new Set<string>()
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x} ${y}`), title).toBe(false)
        taken.add(`${x} ${y}`)
      }
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
})
