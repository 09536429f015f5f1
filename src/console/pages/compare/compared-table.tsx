import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { State } from '../../components/state.js'
import { Table, type Column } from '../../components/table.js'
import { instant } from '../../format/instant.js'
import { counted } from '../../format/number.js'
import { useZone } from '../../frame/console.js'
import type { Catalogue, RowItem } from './answers.js'
import { figureText, unitOfStatistic } from './figure-text.js'
import { comparedRows, type ComparedFigure } from './row-differences.js'

/** One of the states that stand side by side. */
export type RowState = Readonly<{ title: string; rows: readonly RowItem[] }>

type Props = Readonly<{ states: readonly RowState[]; catalogue: Catalogue; family: string; caption: string }>

/** States of the same rows side by side, a line for each figure; what differs is marked, and shown alone at first. */
export const ComparedTable = ({ states, catalogue, family, caption }: Props): JSX.Element => {
  const zone = useZone()
  const [isAll, setIsAll] = useState(false)
  const compared = useMemo(() => {
    const dimensions = catalogue.families.find(({ name }) => name === family)?.dimensions ?? []
    return comparedRows(
      states.map(({ rows }) => rows),
      dimensions.map(({ name }) => name),
    )
  }, [states, catalogue, family])
  const units = useMemo(() => new Map(catalogue.figures.map(({ name, unit }) => [name, unit])), [catalogue])
  const columns = useMemo<readonly Column<ComparedFigure>[]>(
    () => [
      { id: 'start', title: 'Interval', value: ({ start }) => start, cell: ({ start }) => instant(start, zone) },
      { id: 'who', title: 'Row', value: ({ who }) => who, isHead: true },
      { id: 'figure', title: 'Figure', value: ({ figure }) => figure },
      ...states.map(({ title }, at): Column<ComparedFigure> => ({
        ...{ id: `state-${at}`, title, align: 'end', value: ({ values }) => values[at] },
        cell: ({ values, figure }) => figureText(values[at], units.get(figure) ?? unitOfStatistic(figure)),
      })),
      {
        ...{ id: 'differs', title: 'Difference', value: ({ differs }) => (differs ? 'differs' : 'same') },
        cell: ({ differs }) => (differs ? <State tone="warn">differs</State> : 'same'),
      },
    ],
    [states, units, zone],
  )
  const shown = useMemo(
    () => (isAll ? compared.figures : compared.figures.filter(({ differs }) => differs)),
    [compared, isAll],
  )
  return (
    <>
      <p role="status">
        {compared.differing === 0 ? (
          <State tone="good">{counted(compared.rows, 'row')}, all the same</State>
        ) : (
          <State tone="warn">
            {`${compared.differing} of ${counted(compared.rows, 'row')} ${compared.differing === 1 ? 'differs' : 'differ'}`}
          </State>
        )}
      </p>
      <Table
        {...{ caption, columns, rows: shown, hasFilter: true }}
        keyOf={({ row, figure }) => `${row} ${figure}`}
        rowClass={({ differs }) => (differs ? 'differs' : undefined)}
        empty="No figure differs."
        tools={
          <label class="check">
            <input type="checkbox" checked={isAll} onChange={({ currentTarget }) => setIsAll(currentTarget.checked)} />
            show what is the same too
          </label>
        }
      />
    </>
  )
}
