import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const read = (page: string): string => readFileSync(join(ROOT, 'docs/security', page), 'utf8')

/** Requirements of each section of ASVS 5.0.0, in order: `sections[0]` is chapter 1. */
const sections: readonly (readonly number[])[] = [
  ...[
    [2, 10, 12, 3, 3],
    [3, 3, 5, 2],
    [1, 3, 5, 8, 8, 1, 5],
    [5, 5, 2, 4],
    [1, 6, 3, 3],
  ],
  ...[
    [3, 12, 8, 6, 8, 4, 2, 4],
    [3, 4, 2, 5, 3, 2],
    [4, 4, 3, 2],
    [3, 4],
    [2, 3, 5, 16, 5, 2, 3],
  ],
  ...[
    [4, 5, 5, 4, 2, 2, 2],
    [5, 2, 5],
    [4, 6, 4, 7],
    [2, 8, 3],
    [5, 5, 7, 4],
    [1, 5, 4, 3, 4],
    [2, 8, 2],
  ],
]
const states = ['holds', 'partly', 'operator', 'no', 'n/a'] as const

const rows = read('asvs.md')
  .split('\n')
  .flatMap((line) => {
    const [, item = '', level = '', state = '', how = ''] = /^\| ([\d.]+) \| (\d) \| (\S+) \| (.+) \|$/.exec(line) ?? []
    return item.includes('.') ? [{ item, level, state, how }] : []
  })

test('the table of OWASP ASVS 5.0 has each of its 345 requirements once, in order', () => {
  const all = sections.flatMap((counts, chapter) =>
    counts.flatMap((count, section) =>
      Array.from({ length: count }, (_, index) => `${chapter + 1}.${section + 1}.${index + 1}`),
    ),
  )
  expect(all).toHaveLength(345)
  expect(rows.map(({ item }) => item)).toEqual(all)
})

test('each requirement has a state, and the table of levels counts them', () => {
  for (const { item, state } of rows) expect([item, states]).toEqual([item, expect.arrayContaining([state])])
  const counted = ['1', '2', '3'].map(
    (level) =>
      `| ${level} | ${states.map((state) => rows.filter((row) => row.level === level && row.state === state).length).join(' | ')} |`,
  )
  expect(read('asvs.md')).toContain(counted.join('\n'))
})

test.each(['asvs.md', 'threat-model.md'])('every file that %s names exists', (page) => {
  const text = read(page)
  const named = [
    ...[...text.matchAll(/`((?:test|src|dev)\/[^`]+)`/g)].map(([, file = '']) => file),
    ...[...text.matchAll(/docs\/[\w/.-]+\w/g)].map(([file]) => file),
    ...[...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, file = '']) => join('docs/security', file)),
  ]
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
})
