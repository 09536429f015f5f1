import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../format/number.js'
import { filtered, moved, nextOrder, sorted, windowOf, type CellValue, type Order, type Place } from './table-model.js'

export type Column<Row> = Readonly<{
  id: string
  title: string
  /** By this the column is sorted and filtered. */
  value: (row: Row) => CellValue
  /** How it looks; by default the value. */
  cell?: (row: Row) => ComponentChildren
  /** Numbers stand at the end of a column, and are sorted from the largest. */
  align?: 'start' | 'end'
  /** Said of the column when the pointer rests on its head. */
  hint?: string
  /** Names the row for who hears it: `<th scope="row">`. */
  isHead?: boolean
}>

type Props<Row> = Readonly<{
  /** What the table holds, for screen readers and the filter. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** The order at first; then a person decides. */
  order?: Order
  hasFilter?: boolean
  /** The filter as the address has it, and who is told when it changes. Without them the table keeps it. */
  filter?: string
  onFilter?: (text: string) => void
  /** Makes the cells a grid: arrow keys move in it, Enter, space and a click open. */
  onOpen?: (row: Row, column: string) => void
  /** Only these columns open something; by default all. */
  opens?: (row: Row, column: string) => boolean
  rowClass?: (row: Row) => string | undefined
  /** What stands in place of rows. */
  empty?: string
  /** Beside the filter. */
  tools?: ComponentChildren
}>

/** From so many rows on only those in sight are in the page. */
const VIRTUAL_FROM = 200
const ROW_HEIGHT_PX = 30
const HEIGHT_PX = 640

/** A table that is sorted by its heads, filtered by words, moved in by keys, and quick where it is long. */
export const Table = <Row,>(props: Props<Row>): JSX.Element => {
  const { caption, columns, rows, keyOf, onOpen, rowClass, empty = 'There is nothing here.' } = props
  const [order, setOrder] = useState(props.order)
  const [ownFilter, setOwnFilter] = useState('')
  const filter = props.filter ?? ownFilter
  const shown = useMemo(() => {
    const passed = filtered(
      rows,
      filter,
      columns.map(({ value }) => value),
    )
    const by = columns.find(({ id }) => id === order?.column)
    return by === undefined || order === undefined ? passed : sorted(passed, by.value, order.direction)
  }, [rows, columns, filter, order])

  const box = useRef<HTMLDivElement>(null)
  const [scrollTop, setScrollTop] = useState(0)
  const isVirtual = shown.length > VIRTUAL_FROM
  const { from, to } = isVirtual
    ? windowOf(shown.length, { rowHeight: ROW_HEIGHT_PX, scrollTop, height: HEIGHT_PX })
    : { from: 0, to: shown.length }

  const [active, setActive] = useState<Place>({ row: 0, column: 0 })
  const isMoving = useRef(false)
  const place: Place = { row: Math.min(active.row, Math.max(0, shown.length - 1)), column: active.column }
  useLayoutEffect(() => {
    if (!isMoving.current) return
    isMoving.current = false
    box.current?.querySelector<HTMLElement>('[data-active]')?.focus({ preventScroll: isVirtual })
  })
  useEffect(() => {
    if (box.current !== null && !isVirtual) setScrollTop(0)
  }, [isVirtual])

  const move = (next: Place): void => {
    isMoving.current = true
    setActive(next)
    const { current } = box
    if (!isVirtual || current === null) return
    const top = next.row * ROW_HEIGHT_PX
    if (top < current.scrollTop) current.scrollTop = top
    else if (top + 2 * ROW_HEIGHT_PX > current.scrollTop + current.clientHeight)
      current.scrollTop = top + 2 * ROW_HEIGHT_PX - current.clientHeight
    setScrollTop(current.scrollTop)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (onOpen === undefined || !(event.target as HTMLElement).matches('[data-active]')) return
    const row = shown[place.row]
    if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) {
      event.preventDefault()
      open(row, columns[place.column] as Column<Row>)
      return
    }
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? HEIGHT_PX) / ROW_HEIGHT_PX) - 2)
    const next = moved(place, event.key, { rows: shown.length, columns: columns.length, page, ctrl: event.ctrlKey })
    if (next === undefined) return
    event.preventDefault()
    move(next)
  }
  const open = (row: Row, { id }: Column<Row>): void => {
    if (props.opens?.(row, id) ?? true) onOpen?.(row, id)
  }

  const cellOf = (row: Row, at: number, column: Column<Row>, columnAt: number): JSX.Element => {
    const Cell = column.isHead === true ? 'th' : 'td'
    const isActive = place.row === at && place.column === columnAt
    const isGrid = onOpen !== undefined
    const doesOpen = isGrid && (props.opens?.(row, column.id) ?? true)
    return (
      <Cell
        key={column.id}
        scope={column.isHead === true ? 'row' : undefined}
        class={`${column.align === 'end' ? 'end' : ''} ${doesOpen ? 'opens' : ''}`}
        {...(isGrid && {
          tabIndex: isActive ? 0 : -1,
          'data-active': isActive ? '' : undefined,
          onFocus: () => setActive({ row: at, column: columnAt }),
          onClick: () => open(row, column),
        })}
      >
        {(column.cell ?? column.value)(row)}
      </Cell>
    )
  }

  return (
    <div class="table">
      {(props.hasFilter === true || props.tools !== undefined) && (
        <TableTools
          {...{ caption, filter, tools: props.tools, hasFilter: props.hasFilter ?? false }}
          {...{ shown: shown.length, all: rows.length, onFilter: props.onFilter ?? setOwnFilter }}
        />
      )}
      <div
        class={isVirtual ? 'table-box table-box-long' : 'table-box'}
        ref={box}
        role="group"
        aria-label={caption}
        tabIndex={0}
        onScroll={({ currentTarget }) => isVirtual && setScrollTop(currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <table
          role={onOpen === undefined ? undefined : 'grid'}
          aria-rowcount={isVirtual ? shown.length + 1 : undefined}
        >
          <caption class="hidden">{caption}</caption>
          <thead>
            <tr aria-rowindex={isVirtual ? 1 : undefined}>
              {columns.map((column) => (
                <Head
                  key={column.id}
                  {...{ column, order }}
                  onOrder={() =>
                    setOrder(nextOrder(order, column.id, column.align === 'end' ? 'descending' : 'ascending'))
                  }
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <Gap height={from * ROW_HEIGHT_PX} columns={columns.length} />}
            {shown.slice(from, to).map((row, offset) => (
              <tr key={keyOf(row)} class={rowClass?.(row)} aria-rowindex={isVirtual ? from + offset + 2 : undefined}>
                {columns.map((column, columnAt) => cellOf(row, from + offset, column, columnAt))}
              </tr>
            ))}
            {to < shown.length && <Gap height={(shown.length - to) * ROW_HEIGHT_PX} columns={columns.length} />}
            {shown.length === 0 && (
              <tr>
                <td class="quiet" colSpan={columns.length}>
                  {rows.length === 0 ? empty : 'No row passes the filter.'}
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </div>
  )
}

type HeadProps<Row> = Readonly<{ column: Column<Row>; order: Order | undefined; onOrder: () => void }>

const Head = <Row,>({ column: { id, title, align, hint }, order, onOrder }: HeadProps<Row>): JSX.Element => {
  const direction = order?.column === id ? order.direction : undefined
  return (
    <th scope="col" class={align === 'end' ? 'end' : undefined} aria-sort={direction ?? 'none'}>
      <button type="button" class="head" title={hint} onClick={onOrder}>
        {title}
        <span class="sort" aria-hidden="true">
          {direction === undefined ? '' : direction === 'ascending' ? '▲' : '▼'}
        </span>
      </button>
    </th>
  )
}

/** Stands for the rows of a long table that are not in sight. */
const Gap = ({ height, columns }: Readonly<{ height: number; columns: number }>): JSX.Element => (
  <tr class="gap" aria-hidden="true">
    <td colSpan={columns} style={{ height: `${height}px` }} />
  </tr>
)

type ToolsProps = Readonly<{
  caption: string
  filter: string
  hasFilter: boolean
  shown: number
  all: number
  tools: ComponentChildren
  onFilter: (text: string) => void
}>

const TableTools = ({ caption, filter, hasFilter, shown, all, tools, onFilter }: ToolsProps): JSX.Element => {
  const id = useId()
  return (
    <div class="table-tools">
      {hasFilter && (
        <>
          <label class="hidden" for={id}>
            Filter {caption}
          </label>
          <input
            id={id}
            type="search"
            placeholder="Filter"
            value={filter}
            onInput={({ currentTarget }) => onFilter(currentTarget.value)}
          />
          <span class="quiet" role="status">
            {filter === '' ? count(all) : `${count(shown)} of ${count(all)}`}
          </span>
        </>
      )}
      {tools}
    </div>
  )
}
