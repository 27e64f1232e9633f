"""Define-XML 2.1: the description of the datasets that goes with them.

Made of the layouts and of what is in the rows: lengths, and the terms of code lists.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..base.version import __version__
from .filling import Precision
from .model import Variable
from .output import Output, Package, is_number

_ODM = "http://www.cdisc.org/ns/odm/v1.3"
_DEF = "http://www.cdisc.org/ns/def/v2.1"
_XLINK = "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"

_TYPES = {
    "text": "text", "integer": "integer", "real": "float", "decimal": "float",
    "boolean": "boolean", "date": "date", "timestamp": "datetime", "partial": "partialDatetime",
    "json": "text",
}  # fmt: skip
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_YES = {True: "Yes", False: "No"}
_MOST_TERMS = 1_000  # of a code list without an end


def write(outputs: Sequence[Output], package: Package, path: Path) -> None:
    """The description of all datasets of an export."""
    for prefix, uri in (("", _ODM), ("def", _DEF), ("xlink", _XLINK)):
        ET.register_namespace(prefix, uri)
    root = ET.Element(_odm("ODM"), {
        "ODMVersion": "1.3.2", "FileType": "Snapshot",
        "FileOID": f"{package.study.name}.define", "CreationDateTime": package.moment,
        "Originator": "healthsim-store", "SourceSystem": "healthsim-store",
        "SourceSystemVersion": __version__, _def("Context"): "Other",
    })  # fmt: skip
    study = ET.SubElement(root, _odm("Study"), {"OID": package.study.name})
    named = ET.SubElement(study, _odm("GlobalVariables"))
    _child(named, "StudyName", package.study.name)
    _child(named, "StudyDescription", package.study.description or package.study.name)
    _child(named, "ProtocolName", package.study.protocol or package.study.name)
    version = ET.SubElement(study, _odm("MetaDataVersion"), {
        "OID": package.version_oid, "Name": package.head.title, _def("DefineVersion"): "2.1.0",
    })  # fmt: skip
    _standards(version, package)
    for output in outputs:
        _group(version, output)
    lists = _code_lists(outputs)
    for output in outputs:
        for variable in output.variables:
            _item(version, output, variable, lists)
    for oid, (variable, terms) in lists.items():
        _code_list(version, oid, variable, terms, package)
    _make_xml(root)
    ET.indent(root)
    tree = ET.ElementTree(root)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _make_xml(root: ET.Element) -> None:
    """Put a sign in place of what no XML may have, such as a control character of a text."""
    for element in root.iter():
        element.text = element.text and _NO_XML.sub("\ufffd", element.text)
        for name, value in element.items():
            element.set(name, _NO_XML.sub("\ufffd", value))


def _odm(name: str) -> str:
    return f"{{{_ODM}}}{name}"


def _def(name: str) -> str:
    return f"{{{_DEF}}}{name}"


def _child(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _odm(name)).text = text


def _described(parent: ET.Element, text: str) -> None:
    about = ET.SubElement(parent, _odm("Description"))
    ET.SubElement(about, _odm("TranslatedText"), {f"{{{_XML}}}lang": "en"}).text = text


def _standards(version: ET.Element, package: Package) -> None:
    guide, terms = package.head.guide, package.head.terminology
    assert guide is not None
    told = ET.SubElement(version, _def("Standards"))
    ET.SubElement(told, _def("Standard"), {
        "OID": "STD.IG", "Name": guide.name, "Type": "IG", "Version": guide.version,
        "Status": "Final",
    })  # fmt: skip
    if terms:
        name, _, publishing = terms.name.partition(" ")
        ET.SubElement(told, _def("Standard"), {
            "OID": "STD.CT", "Name": name, "Type": "CT", "PublishingSet": publishing or name,
            "Version": terms.version, "Status": "Final",
        })  # fmt: skip


def _group(version: ET.Element, output: Output) -> None:
    dataset = output.filled.dataset
    # Where a column is unique by itself, each row is a thing of its own, such as a person.
    repeating = not any(variable.column.unique for variable in dataset.variables)
    group = ET.SubElement(version, _odm("ItemGroupDef"), {
        "OID": output.oid, "Name": output.name, "Domain": dataset.part or output.name,
        "Repeating": _YES[repeating], "IsReferenceData": _YES[dataset.reference],
        "SASDatasetName": output.name[:8],
        _def("Structure"): dataset.structure or "One record per row",
        "Purpose": "Tabulation", _def("StandardOID"): "STD.IG",
        _def("ArchiveLocationID"): f"LF.{output.name}",
    })  # fmt: skip
    _described(group, output.label)
    for place, variable in enumerate(output.variables, 1):
        told = {
            "ItemOID": output.item_oid(variable),
            "Mandatory": _YES[variable.required],
            "OrderNumber": str(place),
        }
        if variable.key:
            told["KeySequence"] = str(variable.key)
        if variable.role:
            told["Role"] = variable.role
        if not output.filled.values[variable.name]:
            told[_def("HasNoData")] = "Yes"
        ET.SubElement(group, _odm("ItemRef"), told)
    if dataset.kind:
        ET.SubElement(group, _def("Class"), {"Name": dataset.kind})
    leaf = ET.SubElement(group, _def("leaf"), {
        "ID": f"LF.{output.name}", f"{{{_XLINK}}}href": output.file,
    })  # fmt: skip
    ET.SubElement(leaf, _def("title")).text = output.file


def _item(
    version: ET.Element, output: Output, variable: Variable, lists: Mapping[str, object]
) -> None:
    found = output.filled.precisions.get(variable.name)
    type_ = _of_precision(found) if found else _TYPES[variable.column.type.kind]
    told = {"OID": output.item_oid(variable), "Name": variable.name, "DataType": type_}
    if type_ == "text":
        told["Length"] = str(output.length(variable))
    elif type_ in ("integer", "float"):
        told["Length"] = str(max(1, output.filled.lengths[variable.name]))
        if type_ == "float":
            told["SignificantDigits"] = str(variable.column.type.scale or 6)
    told["SASFieldName"] = variable.name[:8]
    item = ET.SubElement(version, _odm("ItemDef"), told)
    _described(item, variable.label)
    oid = _list_oid(output, variable)
    if oid in lists:
        ET.SubElement(item, _odm("CodeListRef"), {"CodeListOID": oid})
    if variable.origin:
        kind, _, source = variable.origin.partition(" by ")
        ET.SubElement(
            item, _def("Origin"), {"Type": kind, **({"Source": source} if source else {})}
        )


def _of_precision(found: Precision) -> str:
    """The narrowest type that all values of a column have, of days and times known in part."""
    if found.gaps:
        return "incompleteDatetime"
    if found.times:
        return "partialDatetime" if found.short or found.days else "datetime"
    return "partialDate" if found.short else "date"


def _list_oid(output: Output, variable: Variable) -> str:
    if not variable.codes:
        return ""
    name = re.sub(r"[^A-Za-z0-9]+", "_", variable.codes).strip("_")
    return f"CL.{name}.{output.name}.{variable.name}"


def _code_lists(outputs: Sequence[Output]) -> dict[str, tuple[Variable, list[str]]]:
    """The code lists by their ids, with the terms: all of a closed one, else those in the rows."""
    return dict(_lists(outputs))


def _lists(outputs: Sequence[Output]) -> Iterator[tuple[str, tuple[Variable, list[str]]]]:
    for output in outputs:
        for variable in output.variables:
            if not variable.codes:
                continue
            found = variable.column.values or output.distinct(variable, _MOST_TERMS)
            if found:
                yield _list_oid(output, variable), (variable, [str(value) for value in found])


def _code_list(
    version: ET.Element, oid: str, variable: Variable, terms: Sequence[str], package: Package
) -> None:
    told = {
        "OID": oid, "Name": variable.codes,
        "DataType": "integer" if is_number(variable) else "text",
    }  # fmt: skip
    if package.head.terminology and variable.codes_id:
        told[_def("StandardOID")] = "STD.CT"
    else:
        told[_def("IsNonStandard")] = "Yes"
    made = ET.SubElement(version, _odm("CodeList"), told)
    for place, term in enumerate(terms, 1):
        ET.SubElement(made, _odm("EnumeratedItem"), {"CodedValue": term, "OrderNumber": str(place)})
    if variable.codes_id:
        alias = {"Context": "nci:ExtCodeID", "Name": variable.codes_id}
        ET.SubElement(made, _odm("Alias"), alias)
