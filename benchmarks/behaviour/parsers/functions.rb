# Prints the functions of Ruby files, as Ruby's own parser finds them: {path: [[name, first line, last line], ...]}.
require "json"

def walk(node, around, found)
  return unless node.is_a?(RubyVM::AbstractSyntaxTree::Node)
  case node.type
  when :CLASS, :MODULE
    inner = node.children[0].children.last
    node.children[1..].each { |child| walk(child, inner.to_s, found) }
    return
  when :DEFN
    found << ["#{around}#{'#' unless around.empty?}#{node.children[0]}", node.first_lineno, node.last_lineno]
  when :DEFS
    found << ["#{around}#{'.' unless around.empty?}#{node.children[1]}", node.first_lineno, node.last_lineno]
  end
  node.children.each { |child| walk(child, around, found) }
end

all = ARGV.to_h do |path|
  found = []
  begin
    walk(RubyVM::AbstractSyntaxTree.parse_file(path), "", found)
  rescue SyntaxError, ArgumentError
    found = nil # not Ruby of this version
  end
  [path, found]
end
puts JSON.generate(all)
