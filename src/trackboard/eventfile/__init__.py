"""TensorBoard event files, written vectorised and read.

An event file is a row of records, all numbers little-endian:

    +-----------+-------------------+-----------------+------------------+
    | length u64| crc of length u32 | data: `length`  | crc of data u32  |      TFRecord framing
    +-----------+-------------------+-----------------+------------------+

Both crcs are CRC-32C, masked: rotated right by 15 bits, plus 0xa282ead8. The data is one Event message
of protocol buffers (tag byte, then the field; `varint` is 7 bits a byte, the low ones first):

    Event, a number                                       Event, the first of a file
    09  f64     wall_time, seconds since the epoch        09  f64     wall_time
    10  varint  step; negative: 10 bytes                  1a  varint  length, "brain.Event:2"
    2a  varint  length of Summary                         52  varint  length of SourceMetadata
      0a  varint  length of Value                           0a  varint  length, "trackboard"
        0a  varint  length, tag (UTF-8)
        15  f32     simple_value                          Event, a text: as a number, but instead of 15
                                                          42  varint  length of TensorProto
                                                            08 07       dtype = DT_STRING
                                                            12 00       shape = [], one text
                                                            42  varint  length, the text (UTF-8)
                                                          4a  varint  length of SummaryMetadata
                                                            0a  varint  length of PluginData
                                                              0a  varint  length, "text"

Images, arrays and parameters are texts but for what is in TensorProto and PluginData:

    TensorProto of an image           of an array                          of a mark
    08 07       dtype = DT_STRING     08 02       dtype = DT_DOUBLE        08 01       dtype = DT_FLOAT
    12 04       shape = [3]           12  varint  length of shape          12 04       shape = [0]
      12 02 08 03                       12  varint  length of dimension      12 02 08 00
    42  varint  length, its width           08  varint  size
    42  varint  length, its height    22  varint  length, float64s         A mark is metadata alone.
    42  varint  length, the file

    PluginData                        SummaryMetadata
    0a  varint  length, the plugin    0a  varint  length of PluginData
    12  varint  length, what the      1a  varint  length, a description, if there is one
                plugin wants to know

Fields stand in the order of their numbers, as TensorBoard's own writer puts them. A number is a
`simple_value`, not a float tensor with the scalars plugin's metadata: both of TensorBoard's readers give
the same float32 for either, it takes 20 bytes a point less (44 instead of 64), and the reader that
TensorBoard uses where it can is as quick; only its Python one takes 1.5 times as long.
"""
