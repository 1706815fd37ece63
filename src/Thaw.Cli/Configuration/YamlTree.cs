using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Thaw.Cli.Configuration;

/// <summary>
/// Reads YAML by its events, without reflection, into a tree that is bounded: in characters, in depth, and in nodes, where
/// what an alias repeats counts again. A file of a kilobyte cannot become one of a gigabyte.
/// </summary>
internal sealed class YamlTree
{
    public const int MaxCharacters = 256 * 1024;
    public const int MaxNodes = 10_000;
    public const int MaxDepth = 8;

    private readonly string _file;
    private readonly Parser _parser;
    private readonly Dictionary<string, ConfigNode?> _anchors = new(StringComparer.Ordinal); // null: not read to its end

    private YamlTree(string file, string text)
    {
        _file = file;
        _parser = new Parser(new StringReader(text));
    }

    /// <returns>The one document; an empty map where there is nothing in it.</returns>
    /// <exception cref="ConfigException">It is not YAML, more than one document, or too much.</exception>
    public static ConfigNode.Map Read(string file, string text)
    {
        if (text.Length > MaxCharacters) throw new ConfigException($"{file}: more than {MaxCharacters / 1024} KiB");
        try
        {
            return new YamlTree(file, text).ReadStream();
        }
        catch (YamlException e)
        {
            throw new ConfigException(Place(file, e.Start), $"not YAML: {e.Message.TrimEnd('.')}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new ConfigException($"{file}: not YAML"); // what the library's parser says where it did not expect something
        }
    }

    private ConfigNode.Map ReadStream()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _)) return new(new(_file, 1, 1), 1, []);

        _parser.Consume<DocumentStart>();
        var root = ReadNode(1);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second)) throw new ConfigException(Place(_file, second.Start), "a second document; one is enough");

        return root switch
        {
            ConfigNode.Map map => map,
            ConfigNode.Scalar { IsNull: true } => new(root.Place, 1, []),
            _ => throw new ConfigException(root.Place, "this must be keys and values, such as \"relay:\""),
        };
    }

    private ConfigNode ReadNode(int depth)
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias)) return Repeat(alias);

        var begun = _parser.Consume<NodeEvent>();
        var place = Place(_file, begun.Start);
        if (depth > MaxDepth) throw new ConfigException(place, $"nested deeper than {MaxDepth}");
        if (!begun.Anchor.IsEmpty) _anchors[begun.Anchor.Value] = null;
        ConfigNode node = begun switch
        {
            Scalar scalar => new ConfigNode.Scalar(place, scalar.Value, scalar.Style is ScalarStyle.Plain),
            SequenceStart => ReadList(place, depth),
            MappingStart => ReadMap(place, depth),
            _ => throw new ConfigException(place, "a value was expected here"),
        };
        if (!begun.Anchor.IsEmpty) _anchors[begun.Anchor.Value] = node;
        return node;
    }

    private ConfigNode.List ReadList(Place place, int depth)
    {
        int weight = 1;
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
            weight = Weigh(weight, items[^1]);
        }

        return new(place, weight, items);
    }

    private ConfigNode.Map ReadMap(Place place, int depth)
    {
        int weight = 1;
        var members = new List<(ConfigNode.Scalar, ConfigNode)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(depth + 1) is not ConfigNode.Scalar key) throw new ConfigException(place, "a key must be a plain word");
            if (!seen.Add(key.Text)) throw new ConfigException(key.Place, $"\"{key.Text}\" stands here a second time");
            members.Add((key, ReadNode(depth + 1)));
            weight = Weigh(weight, members[^1].Item2) + 1;
        }

        return new(place, weight, members);
    }

    private ConfigNode Repeat(AnchorAlias alias)
    {
        var place = Place(_file, alias.Start);
        if (!_anchors.TryGetValue(alias.Value.Value, out var node)) throw new ConfigException(place, $"there is no anchor &{alias.Value.Value} before it");
        return node ?? throw new ConfigException(place, $"*{alias.Value.Value} stands inside of what it repeats");
    }

    private static int Weigh(int weight, ConfigNode node)
        => weight + node.Weight is <= MaxNodes and var sum ? sum : throw new ConfigException(node.Place, $"more than {MaxNodes} values, with what aliases repeat");

    private static Place Place(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);
}
