import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { Table, type Column } from '../../components/table.js'
import { useConsole } from '../../frame/console.js'
import { useStore } from '../../frame/store.js'
import { percent } from '../../format/number.js'
import type { FamilyInfo, Figure, FigureItem } from './answers.js'
import { titleOf } from './family-figures.js'
import { cellText, numberOf } from './figure-value.js'
import type { NameOf } from './use-names.js'

export type FigureTableProps = Readonly<{
  family: FamilyInfo
  items: readonly FigureItem[]
  /** Of the items, in their order. */
  columns: readonly string[]
  /** What the table shows of them. */
  shown: readonly string[]
  figures: ReadonlyMap<string, Figure>
  nameOf: NameOf
  labelOf: (item: FigureItem) => string
  fresh: ReadonlySet<string>
  isLoading: boolean
  /** Opens the explanation of a figure, or of all KPIs of the row; undefined: the session may not. */
  onOpen: ((item: FigureItem, figure: string | undefined) => void) | undefined
}>

/** The columns that say whose figures a row has: those that tell shown rows apart, and the first. */
export const dimensionColumns = ({ dimensions }: FamilyInfo, items: readonly FigureItem[]): readonly number[] =>
  dimensions
    .map((_, place) => place)
    .filter((place) => place === 0 || items.some(({ dimensions: own }) => own[place] !== null))

export const FigureTable = (props: FigureTableProps): JSX.Element => {
  const { items, family, figures, onOpen, fresh, isLoading } = props
  const columns = useColumns(props)
  return (
    <Table
      {...{ caption: `Figures of ${family.name}`, columns, rows: items, keyOf }}
      {...(onOpen !== undefined && {
        onOpen: (item: FigureItem, column: string) => onOpen(item, figures.has(column) ? column : undefined),
      })}
      rowClass={(item) => `row-${item.status}${fresh.has(item.key) ? ' row-fresh' : ''}`}
      empty={isLoading ? 'Reading …' : 'No rows: nothing was counted in these intervals.'}
    />
  )
}

const keyOf = ({ key }: FigureItem): string => key

const useColumns = (props: FigureTableProps): readonly Column<FigureItem>[] => {
  const { family, items, columns, shown, figures, nameOf, labelOf } = props
  const places = dimensionColumns(family, items).join(',')
  return useMemo(
    () => [
      {
        ...{ id: 'interval', title: 'Interval', isHead: true },
        value: ({ intervalStart }) => intervalStart,
        cell: labelOf,
      },
      ...places
        .split(',')
        .filter(Boolean)
        .map((place) => dimensionColumn(family, Number(place), nameOf)),
      {
        ...{
          id: 'status',
          title: 'Status',
          hint: 'provisional: still filling; final; corrected: restated after it was final',
        },
        value: statusText,
        cell: (item) => <Status item={item} />,
      },
      ...shown.flatMap((name) => figureColumn(name, columns.indexOf(name), figures.get(name)) ?? []),
    ],
    [family, places, columns, shown, figures, nameOf, labelOf],
  )
}

const dimensionColumn = ({ dimensions }: FamilyInfo, place: number, nameOf: NameOf): Column<FigureItem> => {
  const { name, doc, whenNull } = dimensions[place] ?? { name: '', doc: '', whenNull: '' }
  const textIn = ({ dimensions: own }: FigureItem): string | undefined => {
    const value = own[place] ?? null
    return value === null ? undefined : (nameOf(name, value) ?? value)
  }
  return {
    ...{ id: name, title: dimensionTitle(name), hint: doc, value: textIn },
    cell: (item) => {
      const text = textIn(item)
      if (text === undefined)
        return (
          <span class="quiet" title={whenNull}>
            none
          </span>
        )
      const id = item.dimensions[place] ?? ''
      return text === id ? (
        <span class={id.length > 20 ? 'mono id' : undefined}>{text}</span>
      ) : (
        <span title={id}>{text}</span>
      )
    },
  }
}

/** `queueId` is `Queue`. */
export const dimensionTitle = (name: string): string => {
  const words = name
    .replace(/Id$/, '')
    .replaceAll(/([A-Z])/g, ' $1')
    .toLowerCase()
  return name === 'userId' ? 'Agent' : words.charAt(0).toUpperCase() + words.slice(1)
}

const figureColumn = (name: string, place: number, figure: Figure | undefined): Column<FigureItem> | undefined =>
  figure === undefined
    ? undefined
    : {
        ...{ id: name, title: titleOf(name), align: 'end', hint: `${name}: ${figure.doc} ${figure.formula}` },
        value: ({ values }) => {
          const value = values[place] ?? null
          return numberOf(value) ?? (cellText(value, figure).kind === 'zero' ? 0 : null)
        },
        cell: ({ values }) => {
          const { kind, text, why } = cellText(values[place] ?? null, figure)
          if (kind === 'value') return <span title={why}>{text}</span>
          return (
            <span class={`figure-${kind}`} title={why}>
              <span aria-hidden="true">{text}</span>
              <span class="hidden">{kind === 'zero' ? `0, ${why}` : why}</span>
            </span>
          )
        },
      }

export const statusText = ({ status, corrections, isEmpty, erased }: FigureItem): string =>
  [
    corrections.length > 0 && status !== 'corrected' ? `${status}, corrected: ${corrections.join(', ')}` : status,
    status === 'corrected' && corrections.length > 0 ? `: ${corrections.join(', ')}` : '',
    isEmpty ? ', all taken back' : '',
    erased > 0 ? `, ${erased} erased` : '',
  ].join('')

const signs = { provisional: '◐', final: '✓', corrected: '✎' } as const

const Status = ({ item }: Readonly<{ item: FigureItem }>): JSX.Element => (
  <span class={`figure-status figure-status-${item.status}`}>
    <span class="sign" aria-hidden="true">
      {signs[item.status]}
    </span>
    {statusText(item)}
    {item.status === 'provisional' && <Filling item={item} />}
  </span>
)

/** How much of an open interval has gone by, by the clock of the log. */
const Filling = ({ item: { intervalStart, intervalEnd } }: Readonly<{ item: FigureItem }>): JSX.Element | null => {
  const flow = useStore(useConsole().live.flow)
  const frontier = flow?.clock.frontier
  if (frontier == null) return null
  const [start, end, now] = [intervalStart, intervalEnd, frontier].map(Date.parse) as [number, number, number]
  const part = Math.max(0, Math.min(1, (now - start) / (end - start)))
  return (
    <span
      class="filling"
      title={part === 1 ? 'over; waiting for stragglers' : `${percent(part)} of the interval has gone by`}
    >
      <span class="filling-part" style={{ width: `${100 * part}%` }} />
    </span>
  )
}
