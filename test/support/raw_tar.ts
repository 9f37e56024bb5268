export interface TarEntry {
  readonly name: string;
  readonly data?: Buffer;
  /** '0' file, '2' symbolic link, '1' hard link, '3' device, '5' folder. */
  readonly type?: string;
  readonly link?: string;
}

/** A tar such as no library would write where a test needs it. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({name, data = Buffer.alloc(0), type = '0', link = ''}) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, 'latin1');
    header.write('0000644\0', 100);
    header.write('0000000\0'.repeat(2), 108);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0        ', 136); // the checksum counts as blanks
    header.write(type, 156);
    header.write(link, 157, 100, 'latin1');
    header.write('ustar\0' + '00', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Files by path as entries. */
export function entriesOf(files: ReadonlyMap<string, Buffer>): {name: string; data: Buffer}[] {
  return [...files].map(([name, data]) => ({name, data}));
}
