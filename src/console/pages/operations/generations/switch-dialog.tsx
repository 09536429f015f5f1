import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Confirmed } from '../../../components/confirmed.js'
import { Field } from '../../../components/field.js'
import { Table, type Column } from '../../../components/table.js'
import { count } from '../../../format/number.js'
import type { Switched } from './generation.js'

type Differences = Switched['differences'][number]

const columns: readonly Column<Differences>[] = [
  { id: 'family', title: 'Family', value: ({ family }) => family, isHead: true },
  ...(['added', 'changed', 'withdrawn', 'same'] as const).map((id): Column<Differences> => ({
    ...{ id, title: id.charAt(0).toUpperCase() + id.slice(1), align: 'end', value: (row) => row[id] },
    cell: (row) => count(row[id]),
  })),
]

type Props = Readonly<{ kind: 'promote' | 'rollback'; name: string; onClose: () => void; onDone: () => void }>

/** Makes a generation live: a promotion, or the way back. A dry run says how many rows consumers would see change. */
export const SwitchDialog = ({ kind, name, onClose, onDone }: Props): JSX.Element => {
  const [publish, setPublish] = useState('differences')
  const isPromotion = kind === 'promote'
  return (
    <Confirmed<Switched>
      title={isPromotion ? `Promote ${name}` : `Roll back to ${name}`}
      verb={isPromotion ? 'Promote' : 'Roll back'}
      path={isPromotion ? `/generations/${name}/promote` : '/generations/rollback'}
      body={isPromotion ? { publish } : { name, publish }}
      {...{ word: name, hasDryRun: true, isWide: true, onClose, onDone }}
      outcome={({ from, to, differences, promotion }, isPlan) => (
        <>
          <p>
            {isPlan ? `${to} would replace ${from ?? 'nothing'}.` : `${to} is live now (promotion ${promotion ?? ''}).`}
          </p>
          <Table caption="Rows by family" columns={columns} rows={differences} keyOf={({ family }) => family} />
        </>
      )}
    >
      <p>
        {isPromotion
          ? 'It becomes live as it was computed and compared: nothing is computed anew.'
          : 'The generation that was live before becomes live again.'}{' '}
        Consumers get the rows that differ, and withdrawals of those that it does not have.
      </p>
      <Field label="Publish">
        {(ids) => (
          <select {...ids} value={publish} onChange={({ currentTarget }) => setPublish(currentTarget.value)}>
            <option value="differences">only rows that differ</option>
            <option value="all">all its rows</option>
          </select>
        )}
      </Field>
    </Confirmed>
  )
}
