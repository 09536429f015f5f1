/** How the page looks: light or dark as the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--line:#8883;--soft:#8881}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;padding:1.5rem;max-width:1600px}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}header p{margin:0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
thead th{position:sticky;top:0;background:Canvas;white-space:nowrap}th[data-sort]{cursor:pointer}th[data-sort]::after{content:" ↕";opacity:.4}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tbody th{font-weight:normal;max-width:22rem}small{opacity:.75}
td{overflow-wrap:anywhere}#differences{font-size:13px}#differences th,#differences td{padding:.3rem .45rem}#differences td:nth-child(4),#differences td:nth-child(5){white-space:nowrap}
#differences td:nth-child(3){min-width:6.5rem}#differences td:last-child{min-width:17rem}#differences .dimension{display:block;white-space:normal;max-width:none;min-width:9rem}
.tiles{list-style:none;display:flex;flex-wrap:wrap;gap:.75rem;padding:0;margin:1.25rem 0}.tiles li{background:var(--soft);border-radius:.5rem;padding:.6rem 1rem;min-width:7rem}
.tiles b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}.tiles .good b{color:#1a7f37}.tiles .bad b{color:#c62828}
.badge{display:inline-block;border-radius:1rem;padding:.05rem .6rem;font-size:.85em;white-space:nowrap;color:#fff;background:#666}
.badge.inconsistent-source-row{background:#7b1fa2}.badge.rule{background:#1565c0}.badge.missing-event{background:#c62828}.badge.extra-event{background:#bf5600}.badge.clock-edge{background:#00695c}.badge.late{background:#5f6368}
.dimension{margin-right:.6rem;display:inline-block}
.filters{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-bottom:.5rem}.filters button{font:inherit;background:var(--soft);border:1px solid var(--line);border-radius:1.2rem;padding:.15rem .7rem .15rem .25rem;cursor:pointer}
.filters button[aria-pressed=false]{opacity:.4}.filters input{font:inherit;padding:.25rem .6rem;min-width:16rem}
summary{cursor:pointer;font-weight:600;margin:.5rem 0}@media print{.filters{display:none}thead th{position:static}}
`

/** Filters by reason and text, and sorts by a column. Without it the page is all there, unfiltered. */
export const SCRIPT = `
const table = document.getElementById('differences')
if (table) {
  const body = table.tBodies[0], rows = [...body.rows], shown = document.getElementById('shown'), search = document.getElementById('search')
  const buttons = [...document.querySelectorAll('[data-filter]')]
  const apply = () => {
    const on = new Set(buttons.filter((button) => button.getAttribute('aria-pressed') === 'true').map((button) => button.dataset.filter))
    const wanted = search.value.trim().toLowerCase()
    let count = 0
    for (const row of rows) {
      row.hidden = !on.has(row.dataset.class) || (wanted !== '' && !row.textContent.toLowerCase().includes(wanted))
      if (!row.hidden) count++
    }
    shown.textContent = count + ' of ' + rows.length + ' shown'
  }
  for (const button of buttons)
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'))
      apply()
    })
  search.addEventListener('input', apply)
  let last, up = false
  table.tHead.addEventListener('click', (event) => {
    const head = event.target.closest('th[data-sort]')
    if (!head) return
    up = head === last ? !up : head.dataset.sort === 'text'
    last = head
    const key = head.dataset.sort === 'size' ? (row) => Number(row.dataset.size) : (row) => row.cells[head.cellIndex].textContent
    rows.sort((a, b) => { const x = key(a), y = key(b); return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1) })
    body.append(...rows)
  })
  apply()
}
`
