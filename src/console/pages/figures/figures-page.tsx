import type { JSX } from 'preact'
import { useCallback, useEffect, useMemo } from 'preact/hooks'
import { ProblemBox } from '../../components/problem-box.js'
import { Shown } from '../../components/asked.js'
import { filtered } from '../../components/table-model.js'
import { useConsole, useMay } from '../../frame/console.js'
import type { PageProps } from '../../frame/route/page-props.js'
import { hrefOf } from '../../frame/route/route.js'
import { go } from '../../frame/route/router.js'
import { useStore } from '../../frame/store.js'
import { useAnswer } from '../../frame/asking/use-answer.js'
import { day, instantIn, isZone, time } from '../../format/instant.js'
import { counted } from '../../format/number.js'
import type { Catalogue, FamilyInfo, FigureItem } from './answers.js'
import { Charts } from './charts.js'
import { csvOf } from './csv.js'
import { askedColumns, chartFiguresOf, firstColumns } from './family-figures.js'
import { FigureControls } from './figure-controls.js'
import { dayAfter, familyIn, notAddedOver, paramsOf, queryIn, type FigureQuery } from './figure-query.js'
import { dimensionTitle, FigureTable, statusText } from './figure-table.js'
import { Totals } from './totals.js'
import { ROWS_MAX } from './follow-figures.js'
import { useFigures } from './use-figures.js'
import { useNames } from './use-names.js'
import './figures.css'

/** The figures of a family: what there is to choose is read first, then the figures themselves. */
export const Page = ({ route }: PageProps): JSX.Element => {
  const { api, live } = useConsole()
  const family = familyIn(route.query)
  const catalogue = useAnswer(family, (signal) => api.get<Catalogue>('/figures/catalogue', { family }, signal))
  const { value, reload } = catalogue
  const frontier = useStore(live.flow)?.clock.frontier
  const generation = useStore(live.flow)?.kpi?.generation
  // A day has begun, or another generation is live: what is shown by default is another.
  const isOver = value?.lastDay != null && frontier != null && frontier > value.lastDay.end
  const isOther = value !== undefined && generation !== undefined && generation !== value.generation
  useEffect(() => {
    if (isOver || isOther) reload()
  }, [isOver, isOther])
  return (
    <>
      <div class="page-head">
        <h1>Figures</h1>
      </div>
      <Shown asked={catalogue} what="what there is to see">
        {(found) => <FiguresView key={found.generation} catalogue={found} params={route.query} />}
      </Shown>
    </>
  )
}

type ViewProps = Readonly<{ catalogue: Catalogue; params: Readonly<Record<string, string>> }>

const FiguresView = ({ catalogue, params }: ViewProps): JSX.Element => {
  const query = useMemo(() => queryIn(params, catalogue), [params, catalogue])
  const family = catalogue.families.find(({ name }) => name === query.family) as FamilyInfo
  const figures = useMemo(() => new Map(catalogue.figures.map((figure) => [figure.name, figure])), [catalogue])
  const zone = isZone(catalogue.zone.name) ? catalogue.zone.name : 'UTC'
  const lastDay = catalogue.lastDay === null ? undefined : day(catalogue.lastDay.start, zone)
  const days = { from: query.from ?? lastDay ?? '', to: query.to ?? lastDay ?? '' }
  const shown = useMemo(
    () => (query.columns ?? firstColumns(catalogue.figures)).filter((name) => figures.has(name)),
    [query.columns, catalogue, figures],
  )
  const charted = useMemo(() => chartFiguresOf(catalogue.figures), [catalogue])
  const columns = useMemo(() => askedColumns(shown, charted), [shown, charted])
  const [base = 'PT15M'] = catalogue.granularities
  const [from, to] = [instantIn(days.from, zone), days.to === '' ? undefined : instantIn(dayAfter(days.to, 1), zone)]
  const read = useFigures(
    from === undefined || to === undefined || columns.length === 0
      ? undefined
      : {
          ...{ family: query.family, dimensions: family.dimensions.map(({ name }) => name), base, from, to, columns },
          ...{ granularity: query.granularity, isRatio: columns.map((name) => figures.get(name)?.joining === 'ratio') },
        },
  )
  const nameOf = useNames(family)
  const chosen = useMemo(() => itemsOf(read.items, family, query, nameOf), [read.items, family, query, nameOf])
  const isOneDay = days.from === days.to
  const labelOf = useCallback(
    (at: number | string): string =>
      query.granularity === 'P1D' ? day(at, zone) : isOneDay ? time(at, zone) : `${day(at, zone)} ${time(at, zone)}`,
    [query.granularity, zone, isOneDay],
  )
  const ofItem = useCallback(({ intervalStart }: FigureItem) => labelOf(intervalStart), [labelOf])
  const ofPoint = useCallback(({ start }: Readonly<{ start: number }>) => labelOf(start), [labelOf])
  const onChange = (change: Partial<FigureQuery>): void =>
    go(hrefOf('figures', paramsOf({ ...query, ...change }, base)), { replace: 'filter' in change })
  const mayExplain = useMay('operations')
  const open = (item: FigureItem, figure: string | undefined): void => go(explainHref(item, figure, query, family))
  const over = notAddedOver(family, chosen)
  return (
    <>
      <FigureControls {...{ catalogue, family, query, days, lastDay, items: read.items, nameOf, shown, onChange }} />
      <p class="quiet">
        {family.doc} Times are of {zone}, the zone of the profile.
      </p>
      {!family.isOn && <NotComputed family={family.name} />}
      {catalogue.lastDay === null && <p>There are no figures yet: the clock of the log has not ticked.</p>}
      {read.failure !== undefined && <ProblemBox failure={read.failure} onRetry={read.reload} />}
      {read.isCut && (
        <p class="warn-line" role="status">
          Only the first {ROWS_MAX.toLocaleString('en-GB')} rows are shown: choose fewer days, or longer intervals.
        </p>
      )}
      {over === undefined ? (
        <>
          <Totals {...{ items: chosen, columns, shown, figures }} />
          <Charts {...{ items: chosen, columns, figures, shown: charted, labelOf: ofPoint }} />
        </>
      ) : (
        <p class="quiet">
          Rows of several values of {dimensionTitle(over).toLowerCase()} are not added up: the same may count in each.
          Choose one value to see totals and charts.
        </p>
      )}
      <section class="panel" aria-label="Rows">
        <header>
          <h2>
            Rows{' '}
            <span class="quiet small" role="status">
              {read.isLoading ? 'reading …' : counted(chosen.length, 'row')}
            </span>
          </h2>
          <button
            type="button"
            disabled={chosen.length === 0}
            onClick={() =>
              download(csvOf(chosen, csvColumns(family, nameOf, columns, shown)), `${query.family}-${days.from}.csv`)
            }
          >
            Download CSV
          </button>
        </header>
        {mayExplain && <p class="quiet small">Click a figure, or press Enter on it, to see what it is made of.</p>}
        <FigureTable
          {...{ family, items: chosen, columns, shown, figures, nameOf, labelOf: ofItem, fresh: read.fresh }}
          {...{ isLoading: read.isLoading, onOpen: mayExplain ? open : undefined }}
        />
      </section>
    </>
  )
}

const NotComputed = ({ family }: Readonly<{ family: string }>): JSX.Element => (
  <p class="warn-line">
    The profile in force does not compute rows of {family}. Add it to <code>families</code> of the profile.
  </p>
)

/** The rows with the chosen values of dimensions and all of the words. */
const itemsOf = (
  items: readonly FigureItem[],
  { dimensions }: FamilyInfo,
  { only, filter }: FigureQuery,
  nameOf: ReturnType<typeof useNames>,
): readonly FigureItem[] => {
  const wanted = dimensions.flatMap(({ name }, place) =>
    only[name] === undefined ? [] : [[place, only[name]] as const],
  )
  const narrowed =
    wanted.length === 0
      ? items
      : items.filter((item) => wanted.every(([place, value]) => (item.dimensions[place] ?? '-') === value))
  return filtered(narrowed, filter, [
    statusText,
    ({ intervalStart }) => intervalStart,
    ...dimensions.map(({ name }, place) => ({ dimensions: own }: FigureItem) => {
      const value = own[place] ?? ''
      return `${value} ${nameOf(name, value) ?? ''}`
    }),
  ])
}

const csvColumns = (
  { dimensions }: FamilyInfo,
  nameOf: ReturnType<typeof useNames>,
  columns: readonly string[],
  shown: readonly string[],
) => ({ dimensions: dimensions.map(({ name }) => name), nameOf, columns, shown })

const explainHref = (
  { intervalStart, dimensions: own, revision }: FigureItem,
  figure: string | undefined,
  { family, granularity }: FigureQuery,
  { dimensions }: FamilyInfo,
): string =>
  hrefOf('explain', {
    ...{ family, granularity, interval: intervalStart, kpi: figure, sum: revision === null ? '1' : undefined },
    ...Object.fromEntries(dimensions.map(({ name }, place) => [name, own[place] ?? '-'])),
  })

/** Saves a text as a file. The mark at its beginning tells spreadsheets that it is UTF-8. */
const download = (text: string, name: string): void => {
  const url = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  ;[link.href, link.download] = [url, name]
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
