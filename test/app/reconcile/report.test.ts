import { describe, expect, test } from 'vitest'
import { reconcileHtml } from '../../../src/app/reconcile/report/html.js'
import { reconcileText } from '../../../src/app/reconcile/report/text.js'
import { at, compare, row, sales, salesSaid, said, statsOf } from './fixtures.js'

const HALF = [at(0), at(2)] as const
const EVIL = `</td><script>alert('1')</script>"&\u001b[2J\u202e`

const report = () =>
  compare(
    [[sales(at(0), { nOffered: 1_234 }), row([EVIL, 'voice', null, null], at(0), { nOffered: 1 })]],
    [
      {
        results: [
          salesSaid(
            said(HALF, { nOffered: 2_345, tAnswered: [5_000] }),
            said([at(2), at(4)], { tAbandon: statsOf([9_000]), tShortAbandon: statsOf([5_000]) }),
          ),
          { group: { queueId: EVIL, mediaType: 'chat' }, data: [said(HALF, { nOffered: 1, 'n<b>x</b>': 1 })] },
        ],
      },
    ],
  )

describe('the HTML report', () => {
  test('loads nothing and escapes all values from outside', async () => {
    const html = reconcileHtml(await report())
    expect(html).not.toMatch(/https?:|src=|href=|@import|url\(/)
    expect(html.match(/<script>/g)).toHaveLength(1)
    expect(html).not.toContain('<b>x</b>')
    expect(html).toContain('&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;')
    expect(html).toContain("default-src 'none'")
  })

  test('has a row for every difference and for every source row that contradicts itself', async () => {
    const made = await report()
    const html = reconcileHtml(made)
    expect(made.differences).toHaveLength(3)
    expect(html.match(/<tr data-class="missing-event"/g)).toHaveLength(3)
    expect(html.match(/data-filter="/g)).toHaveLength(1)
    expect(html).toContain('+1\u202f111')
    expect(html).toContain('the longest short abandon (5000) is shorter than the shortest abandon (9000)')
    for (const tag of ['table', 'tr', 'td', 'th', 'section', 'details', 'ul', 'li', 'span'])
      expect([tag, html.match(new RegExp(`<${tag}[ >]`, 'g'))?.length]).toEqual([
        tag,
        html.match(new RegExp(`</${tag}>`, 'g'))?.length,
      ])
  })

  test('says if there are no differences', async () => {
    const html = reconcileHtml(
      await compare([[sales(at(0), { nOffered: 1 })]], [{ results: [salesSaid(said(HALF, { nOffered: 1 }))] }]),
    )
    expect(html).not.toContain('<h2>Differences</h2>')
    expect(html).toMatch(/class="good"><b>0<\/b> different/)
  })
})

describe('the text report', () => {
  test('has totals, differences with both figures, and what was not compared', async () => {
    const text = reconcileText(await report(), 50)
    expect(text).toContain(
      '3 figures of 2 groups compared with generation g1 (1 answer): 0 equal, 0 within tolerance, 3 different; 1 source rows contradict',
    )
    expect(text).toContain(
      'mediaType=voice queueId=sales 2026-01-05T10:00Z/2026-01-05T10:30Z nOffered: count 2345, 1234, +1111',
    )
    expect(text).toContain('tShortAbandon: the longest short abandon (5000)')
    expect(text).toContain('rows have no such metric')
    expect(text).toMatch(/1 groups of ours that theirs does not mention/)
  })

  test('prints the requested number of differences and the number of the others', async () => {
    expect(reconcileText(await report(), 1)).toContain('2 more: --json and --html hold all')
    expect(reconcileText(await report(), 0)).not.toContain('nOffered: count')
  })

  test('an id cannot control the terminal', async () => {
    expect(reconcileText(await report(), 50)).not.toMatch(/[\u001b\u202e]/)
  })
})
