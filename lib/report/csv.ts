// Tables as files for other programs (RFC 4180, with a line feed at the end of each line).

export type Cell = string | number | boolean | null;

export type Columns<Row> = readonly (readonly [name: string, of: (row: Row) => Cell])[];

export function csv<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const lines = [
    columns.map(([name]) => name),
    ...rows.map((row) => columns.map(([, of]) => cellText(of(row)))),
  ];
  return `${lines.map((cells) => cells.join(',')).join('\n')}\n`;
}

/** Quoted where it has to be (RFC 4180); empty where there is nothing. */
function cellText(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
