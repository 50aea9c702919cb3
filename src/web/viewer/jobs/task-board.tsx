/** The tasks of a job: a row for each track, a cell for each task, in order. Arrow keys walk; Enter shows one. */
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { JobTask } from '../../../contracts/jobs.ts';
import { TASK_STATES, taskStateWords, taskWords } from './job-words.ts';
import { shortName, taskRows, walk } from './task-rows.ts';

export type TaskBoardProps = { tasks: readonly JobTask[]; onShow: (task: string) => void };

const MARKS: Readonly<Record<JobTask['state'], string>> = {
  ...{ done: '✓', leased: '▶', queued: '○', waiting: '·', failed: '!', dropped: '–' },
};
const REUSED_MARK = '↺';

export function TaskBoard({ tasks, onShow }: TaskBoardProps) {
  const rows = useMemo(() => taskRows(tasks), [tasks]);
  const board = useRef<HTMLTableElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const stop = tasks.some(({ id }) => id === current) ? current : rows[0]?.tasks[0]?.id;
  if (rows.length === 0) return <p className="console-note">The master is not planned yet.</p>;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const from = (event.target as HTMLElement).dataset.task;
    const to = from === undefined ? undefined : walk(rows, from, event.key);
    if (to === undefined) return;
    event.preventDefault();
    setCurrent(to);
    board.current?.querySelector<HTMLElement>(`[data-task="${CSS.escape(to)}"]`)?.focus();
  };
  return (
    <>
      <table className="task-board" ref={board} onKeyDown={onKeyDown} data-testid="task-board">
        <caption className="visually-hidden">
          Tasks by track, in the order in which they depend on each other. Arrow keys move between tasks.
        </caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Track</th>
            <th scope="col">Done</th>
            <th scope="col">Tasks</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ track, tasks: own }) => (
            <tr key={track}>
              <th scope="row">{track}</th>
              <td className="task-count">
                {`${own.filter(({ state }) => state === 'done').length} of ${own.length}`}
              </td>
              <td>
                <div className="task-cells">
                  {own.map((task) => (
                    <TaskCell
                      key={task.id}
                      task={task}
                      stop={task.id === stop}
                      onFocus={() => setCurrent(task.id)}
                      onShow={() => onShow(task.id)}
                    />
                  ))}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Legend />
    </>
  );
}

type TaskCellProps = { task: JobTask; stop: boolean; onFocus: () => void; onShow: () => void };

function TaskCell({ task, stop, onFocus, onShow }: TaskCellProps) {
  const words = taskWords(task, shortName(task));
  const follows = task.dependsOn.length > 0;
  const part = task.state === 'leased' ? task.progress : 0;
  return (
    <>
      {follows ? (
        <span className="task-arrow" aria-hidden="true">
          →
        </span>
      ) : null}
      <button
        type="button"
        className={`task-cell ${task.reused ? 'reused' : task.state}`}
        data-task={task.id}
        tabIndex={stop ? 0 : -1}
        aria-label={words}
        title={words}
        style={{ '--part': `${Math.round(part * 100)}%` } as React.CSSProperties}
        onFocus={onFocus}
        onClick={onShow}
      >
        <span aria-hidden="true">{task.reused ? REUSED_MARK : MARKS[task.state]}</span>
      </button>
    </>
  );
}

/** What the marks mean; readers hear the words of each cell instead. */
function Legend() {
  return (
    <ul className="task-legend" aria-hidden="true">
      {TASK_STATES.map((state) => (
        <li key={state}>
          <span className={`task-cell ${state}`}>{MARKS[state]}</span>
          {taskStateWords(state)}
        </li>
      ))}
      <li>
        <span className="task-cell reused">{REUSED_MARK}</span>
        taken over from an earlier job
      </li>
    </ul>
  );
}
